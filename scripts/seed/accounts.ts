import type { NewMember } from "../../models/member.server";

/** Accounts for trying out each job in the demo. The password is printed at the start and worthless elsewhere. */
export const DEMO_PASSWORD = "jindou-demo-2026";

type DemoAccount = Pick<NewMember, "handle" | "displayName" | "bio" | "language" | "role" | "tier" | "phone"> & { job: string };

export const DEMO_ACCOUNTS: readonly DemoAccount[] = [
  { job: "member", handle: "zhouzhou", displayName: "周周", bio: "每周读一篇，记一笔。", language: "zh-CN", role: "member", tier: 2, phone: "+8613800000001" },
  { job: "second member", handle: "sam", displayName: "Sam", bio: "Reads first, asks later.", language: "en", role: "member", tier: 2, phone: "+8613800000002" },
  { job: "operator", handle: "zhiban", displayName: "值班小陆", bio: "社区值班。", language: "zh-CN", role: "operator", tier: 3, phone: "+8613800000003" },
  { job: "lead operator", handle: "zuzhang", displayName: "组长老秦", bio: "社区运营组长。", language: "zh-CN", role: "lead", tier: 3, phone: "+8613800000004" },
  { job: "finance", handle: "caiwu", displayName: "财务小苏", bio: "对账的人。", language: "zh-CN", role: "finance", tier: 2, phone: "+8613800000005" },
  { job: "admin", handle: "guanli", displayName: "管理员", bio: "管钥匙的人。", language: "zh-CN", role: "admin", tier: 4, phone: "+8613800000006" },
];
