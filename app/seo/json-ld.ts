import { siteOf, type MetaInput } from "./meta";

/**
 * Structured data for search engines: schema.org shapes with the fields that Google's guides for discussion forums and
 * profile pages ask for (tests/app/seo/json-ld.test.ts holds the list of required fields).
 */
interface PostFacts {
  id: string;
  title: string;
  excerpt: string;
  lang: string;
  author: { handle: string; displayName: string };
  topics: { name: string }[];
  publishedAt: string;
  editedAt: string | null;
  revision: number;
  likeCount: number;
  commentCount: number;
  viewCount: number;
}

interface ProfileFacts {
  handle: string;
  displayName: string;
  bio: string;
  joinedAt: string;
  followerCount: number;
  postCount: number;
}

const CONTEXT = "https://schema.org";

function counter(action: "LikeAction" | "CommentAction" | "ViewAction" | "FollowAction" | "WriteAction", count: number) {
  return { "@type": "InteractionCounter", interactionType: `${CONTEXT}/${action}`, userInteractionCount: count };
}

export function postJsonLd(post: PostFacts, matches: MetaInput["matches"]): object {
  const { publicUrl } = siteOf(matches);
  const url = `${publicUrl}/posts/${post.id}`;
  return {
    "@context": CONTEXT,
    "@type": "DiscussionForumPosting",
    "@id": url,
    url,
    mainEntityOfPage: url,
    headline: post.title,
    text: post.excerpt,
    inLanguage: post.lang,
    datePublished: post.publishedAt,
    dateModified: post.editedAt ?? post.publishedAt,
    author: { "@type": "Person", name: post.author.displayName, url: `${publicUrl}/members/${post.author.handle}` },
    image: `${publicUrl}/share/post/${post.id}.png?r=${post.revision}`,
    about: post.topics.map((topic) => ({ "@type": "Thing", name: topic.name })),
    commentCount: post.commentCount,
    interactionStatistic: [counter("LikeAction", post.likeCount), counter("CommentAction", post.commentCount), counter("ViewAction", post.viewCount)],
  };
}

export function profileJsonLd(profile: ProfileFacts, matches: MetaInput["matches"]): object {
  const { publicUrl } = siteOf(matches);
  const url = `${publicUrl}/members/${profile.handle}`;
  return {
    "@context": CONTEXT,
    "@type": "ProfilePage",
    "@id": url,
    url,
    dateCreated: profile.joinedAt,
    mainEntity: {
      "@type": "Person",
      name: profile.displayName,
      alternateName: profile.handle,
      identifier: profile.handle,
      description: profile.bio,
      url,
      interactionStatistic: [counter("FollowAction", profile.followerCount)],
      agentInteractionStatistic: [counter("WriteAction", profile.postCount)],
    },
  };
}
