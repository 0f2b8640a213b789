import type { Member } from "@models/member.server";
import type { Role } from "@models/roles";
import type { Tier } from "@models/tier";

/** The member who makes a request, as far as pages and services need to know. */
export interface Viewer {
  id: string;
  handle: string;
  displayName: string;
  role: Role;
  tier: Tier;
  phoneVerified: boolean;
  realNameVerified: boolean;
}

export function toViewer(member: Member): Viewer {
  return {
    id: member._id,
    handle: member.handle,
    displayName: member.displayName,
    role: member.role,
    tier: member.tier,
    phoneVerified: member.phoneVerifiedAt !== null,
    realNameVerified: member.realNameVerifiedAt !== null,
  };
}
