import type { LoaderFunctionArgs, MetaFunction } from "@remix-run/node";
import { data } from "@remix-run/node";
import { Link, useLoaderData } from "@remix-run/react";
import { NotFound } from "@models/errors";
import { isFollowing } from "@models/follow.server";
import { findPublicMemberByHandle } from "@models/member.server";
import { pageTags, readFeedPage } from "~/http/feed-loader.server";
import { FeedScreen } from "~/components/posts/FeedScreen";
import { FollowButton } from "~/components/posts/FollowButton";
import { Avatar } from "~/components/ui/Avatar";
import { Time } from "~/components/ui/Time";
import { toThrown } from "~/http/errors.server";
import { useT } from "~/i18n/react";
import { profileJsonLd } from "~/seo/json-ld";
import { metaFor } from "~/seo/meta";

export async function loader({ request, params }: LoaderFunctionArgs) {
  try {
    const member = await findPublicMemberByHandle(params.handle ?? "");
    if (!member) throw new NotFound(`member ${params.handle}`);
    const { page, topics, viewer, headers } = await readFeedPage(request, { kind: "author", id: member._id });
    const mine = viewer?.id === member._id;
    const followed = viewer && !mine ? await isFollowing({ followerId: viewer.id, kind: "member", targetId: member._id }) : false;
    const profile = {
      id: member._id,
      handle: member.handle,
      displayName: member.displayName,
      bio: member.bio,
      tier: member.tier,
      joinedAt: member.joinedAt.toISOString(),
      followerCount: member.followerCount,
      followingCount: member.followingCount,
      postCount: member.postCount,
    };
    headers["X-Page-Tags"] += ` member:${member._id}`;
    return data({ page, topics, profile, mine, followed }, { headers });
  } catch (error) {
    throw toThrown(error, request);
  }
}
export const headers = pageTags;

export const meta: MetaFunction<typeof loader> = ({ matches, location, data: loaded }) =>
  metaFor({
    matches,
    location,
    kind: "profile",
    title: loaded ? `${loaded.profile.displayName} (@${loaded.profile.handle})` : undefined,
    description: loaded?.profile.bio,
    jsonLd: loaded ? profileJsonLd(loaded.profile, matches) : undefined,
  });

export default function Profile() {
  const t = useT();
  const { page, topics, profile, mine, followed } = useLoaderData<typeof loader>();
  const path = `/members/${profile.handle}`;
  return (
    <FeedScreen
      page={page}
      topics={topics}
      feed={`author:${profile.id}`}
      path={path}
      title={profile.displayName}
      heading={
        <header className="head">
          <div className="author">
            <Avatar name={profile.displayName} size="xl" />
            <div>
              <h1>{profile.displayName}</h1>
              <p className="meta">
                @{profile.handle} · <span className="chip act">{t(`profile.tier.${profile.tier}`)}</span>
              </p>
            </div>
            {mine ? (
              <span className="own-links">
                <Link className="btn small" to="/account">
                  {t("profile.edit")}
                </Link>
                <Link className="btn small quiet" to="/media">
                  {t("profile.media")}
                </Link>
              </span>
            ) : (
              <FollowButton kind="member" id={profile.id} path={path} name={profile.displayName} followed={followed} />
            )}
          </div>
          {profile.bio ? <p>{profile.bio}</p> : null}
          <p className="meta">
            {t("profile.posts", { count: profile.postCount })} · {t("profile.followers", { count: profile.followerCount })} ·{" "}
            {t("profile.followingCount", { count: profile.followingCount })} · {t("profile.joined")} <Time iso={profile.joinedAt} />
          </p>
        </header>
      }
      empty={
        <>
          <h2>{t("profile.empty")}</h2>
          <p>{t(mine ? "profile.emptyMine" : "profile.emptyOther")}</p>
        </>
      }
    />
  );
}
