import { siteOf, type Matches } from "./site";

/** Structured data for search engines; tests/app/seo/json-ld.test.ts holds it against the fields they require. */
export interface JsonLd {
  [key: string]: JsonLdValue;
}
type JsonLdValue = string | number | boolean | JsonLd | JsonLdValue[] | undefined;

export interface PostFacts {
  id: string;
  title: string;
  html: string;
  excerpt: string;
  lang: string;
  revision: number;
  publishedAt: string;
  editedAt: string | null;
  likeCount: number;
  commentCount: number;
  viewCount: number;
  topics: { name: string }[];
  author: { handle: string; displayName: string };
}

/** Long enough to say what the post is about; the page itself carries the rest. */
const TEXT_LENGTH_MAX = 500;

export function postJsonLd(post: PostFacts, matches: Matches | undefined): JsonLd {
  const { publicUrl } = siteOf(matches);
  const url = `${publicUrl}/posts/${post.id}`;
  return {
    "@context": "https://schema.org",
    "@type": "DiscussionForumPosting",
    "@id": url,
    mainEntityOfPage: url,
    url,
    headline: post.title.slice(0, 110),
    text: textOf(post.html).slice(0, TEXT_LENGTH_MAX) || post.excerpt || post.title,
    inLanguage: post.lang,
    datePublished: post.publishedAt,
    dateModified: post.editedAt ?? post.publishedAt,
    image: `${publicUrl}/share/post/${post.id}.png?r=${post.revision}`,
    author: { "@type": "Person", name: post.author.displayName, alternateName: post.author.handle, url: `${publicUrl}/members/${post.author.handle}` },
    keywords: post.topics.map(({ name }) => name),
    commentCount: post.commentCount,
    interactionStatistic: [counter("LikeAction", post.likeCount), counter("CommentAction", post.commentCount), counter("ViewAction", post.viewCount)],
  };
}

export interface ProfileFacts {
  id: string;
  handle: string;
  displayName: string;
  bio: string;
  joinedAt: string;
  followerCount: number;
  postCount: number;
}

export function profileJsonLd(profile: ProfileFacts, matches: Matches | undefined): JsonLd {
  const { publicUrl } = siteOf(matches);
  const url = `${publicUrl}/members/${profile.handle}`;
  return {
    "@context": "https://schema.org",
    "@type": "ProfilePage",
    "@id": url,
    url,
    dateCreated: profile.joinedAt,
    mainEntity: {
      "@type": "Person",
      "@id": `${url}#person`,
      identifier: profile.id,
      name: profile.displayName,
      alternateName: profile.handle,
      url,
      ...(profile.bio ? { description: profile.bio } : {}),
      interactionStatistic: [counter("FollowAction", profile.followerCount)],
      agentInteractionStatistic: [counter("WriteAction", profile.postCount)],
    },
  };
}

function counter(action: string, count: number): JsonLd {
  return { "@type": "InteractionCounter", interactionType: `https://schema.org/${action}`, userInteractionCount: count };
}

/** Words of rendered HTML. Tags are dropped, the five entities that our renderer writes are read back. */
export function textOf(html: string): string {
  return html
    .replace(/<[^>]*>/g, " ")
    .replace(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&lt;/g, "<")
    .replace(/&gt;/g, ">")
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, "&")
    .replace(/\s+/g, " ")
    .trim();
}
