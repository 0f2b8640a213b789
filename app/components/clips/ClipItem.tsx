import { memo, useEffect, useRef, useState, type MutableRefObject } from "react";
import { Avatar } from "~/components/ui/Avatar";
import { Icon } from "~/components/ui/Icon";
import { PlainLink } from "~/components/ui/PlainLink";
import { formatClock } from "~/format/clock";
import { formatCount } from "~/format/numbers";
import { useLocale, useT } from "~/i18n/react";
import { ClipFollow, ClipLike, ClipSave, ClipShare } from "./ClipActs";
import { ClipIcon } from "./ClipIcon";
import { ClipProgress } from "./ClipProgress";
import { clipPath, type ClipData, type ClipFeedMark } from "./types";
import { useClipVideo, type ClipVideoState } from "./use-clip-video";
import { useClipView } from "./use-clip-view";

/** What the stage as a whole decides, the same for every clip on it. */
export interface StageState {
  /** Scripts have taken over; before that the page is a poster and the browser's own player. */
  live: boolean;
  audible: boolean;
  captions: boolean;
  calm: boolean;
  isHeld: boolean;
}

export interface ClipHandle {
  video: HTMLVideoElement;
  toggle: () => void;
}

export interface ClipItemProps {
  clip: ClipData;
  feed: ClipFeedMark;
  index: number;
  /** Position from the clip on the stage: 0 is on it, ±1 beside it. */
  offset: number;
  /** It has an element for its film. */
  hasVideo: boolean;
  /** The one on the stage plays, so its neighbours may load. */
  settled: boolean;
  heading: "h1" | "h2";
  /** Others see it, so that it can be liked and passed on. */
  isPublished: boolean;
  startAt: number;
  stage: StageState;
  handle: MutableRefObject<ClipHandle | null>;
  onSettled: () => void;
  onMuted: () => void;
  onComments: () => void;
  onMore: () => void;
  onLike: () => void;
}

const DOUBLE_TAP_MS = 260;

/** One clip on the stage: poster, film, words, controls. */
export const ClipItem = memo(function ClipItem(props: ClipItemProps) {
  const { clip, feed, index, offset, hasVideo, settled, heading: Heading, startAt, stage, handle } = props;
  const t = useT();
  const isCurrent = offset === 0;
  const article = useRef<HTMLElement>(null);
  const [video, setVideo] = useState<HTMLVideoElement | null>(null);
  const captionLang = useCaptionLang(clip, stage.captions);
  const state = useClipVideo(video, {
    media: clip.media,
    isCurrent: stage.live && isCurrent,
    isLoaded: stage.live && !stage.calm && (isCurrent || settled),
    whole: index === 0,
    audible: stage.audible,
    startsAlone: !stage.calm,
    isHeld: stage.isHeld,
    startAt,
    captionLang,
    onMuted: props.onMuted,
  });
  useClipView(clip.id, stage.live && isCurrent ? video : null);

  // What is off the stage is out of reach: the next press of Tab must not scroll there.
  useEffect(() => {
    if (article.current) article.current.inert = stage.live && !isCurrent;
  }, [stage.live, isCurrent]);
  const { toggle, phase } = state;
  useEffect(() => {
    if (isCurrent && video) handle.current = { video, toggle };
  });
  const { onSettled } = props;
  useEffect(() => {
    if (isCurrent && phase === "playing") onSettled();
  }, [isCurrent, phase, onSettled]);

  return (
    <article
      ref={article}
      className={isUpright(clip) ? "clip upright" : "clip"}
      aria-labelledby={`clip-${clip.id}`}
      aria-posinset={index + 1}
      aria-setsize={-1}
      tabIndex={-1}
      data-clip={clip.id}
      data-on-stage={isCurrent ? "" : undefined}
    >
      <Picture clip={clip} live={stage.live} isFirst={index === 0} near={isCurrent || (stage.live && settled && Math.abs(offset) <= 2)} />
      {hasVideo && hasFilm(clip) ? (
        <video
          ref={setVideo}
          className="clip-film"
          controls={!stage.live}
          // The same file as the picture's smallest, so that a phone fetches it once.
          poster={stage.live ? undefined : clip.media.poster?.webpSrcSet.split(" ", 1)[0]}
          preload={stage.live && !stage.calm ? "auto" : "none"}
          playsInline
          loop={!stage.calm}
          aria-label={clip.title}
          lang={clip.lang}
          // From here the page's first script takes the film: app/http/film-first.server.ts.
          data-films={stage.live ? undefined : JSON.stringify(clip.media.mp4.map(({ url, height }) => ({ url, height })))}
        >
          {stage.live ? null : clip.media.mp4.slice(0, 1).map(({ url }) => <source key={url} src={url} type="video/mp4" />)}
          {clip.media.captions.map(({ lang, url }) => (
            <track key={url} kind="captions" src={url} srcLang={lang} label={lang === "en" ? "English" : "中文"} default={lang === clip.lang} />
          ))}
        </video>
      ) : null}
      <div className="clip-shade" aria-hidden="true" />
      {stage.live && isCurrent && hasFilm(clip) ? <Surface clip={clip} state={state} captionLang={captionLang} video={video} onLike={props.onLike} /> : null}
      <Rail clip={clip} feed={feed} isPublished={props.isPublished} video={video} onComments={props.onComments} onMore={props.onMore} />
      <div className="clip-info">
        <div className="clip-by">
          <PlainLink to={`/members/${clip.author.handle}`}>
            <b>@{clip.author.displayName}</b>
          </PlainLink>
          {clip.mine ? null : (
            <>
              <span aria-hidden="true">·</span>
              <ClipFollow author={clip.author} />
            </>
          )}
        </div>
        <Heading id={`clip-${clip.id}`} lang={clip.lang}>
          <PlainLink to={clipPath(clip.id, feed)}>{clip.title}</PlainLink>
        </Heading>
        <p className="clip-meta">
          {clip.topic ? <PlainLink to={`/clips/topics/${clip.topic.slug}`}>{clip.topic.name}</PlainLink> : null}
          {clip.media.durationSec > 0 ? <span className="num">{formatClock(clip.media.durationSec)}</span> : null}
          {clip.declarations.map((declaration) => (
            <span key={declaration} className="clip-chip">
              {t(`post.declaration.${declaration}`)}
            </span>
          ))}
        </p>
      </div>
      {stage.live && isCurrent && hasFilm(clip) ? <ClipProgress video={video} title={clip.title} durationSec={clip.media.durationSec} storyboard={clip.media.storyboard} /> : null}
    </article>
  );
});

/** False while the first size is still being made; its author then sees the sentence that says so. */
function hasFilm({ media }: ClipData): boolean {
  return media.mp4.length > 0 || media.hls !== null;
}

/** About nine to sixteen, the shape of the stage. */
function isUpright({ media }: ClipData): boolean {
  const ratio = media.width / Math.max(media.height, 1);
  return ratio > 0.53 && ratio < 0.6;
}

/** The reader's language, else the clip's own, else whatever there is; empty when captions are off. */
function useCaptionLang(clip: ClipData, on: boolean): string {
  const locale = useLocale();
  const langs = clip.media.captions.map(({ lang }) => lang as string);
  return on ? (langs.find((lang) => lang === locale) ?? langs.find((lang) => lang === clip.lang) ?? langs[0] ?? "") : "";
}

/** The still picture, and under it the blurred ground that fills what the picture leaves free. */
function Picture({ clip, isFirst, live, near }: { clip: ClipData; isFirst: boolean; live: boolean; near: boolean }) {
  const { poster, thumbhash, width, height } = clip.media;
  const [ground, setGround] = useState<string | null>(null);
  useEffect(() => {
    if (!thumbhash || !live || !near) return;
    let gone = false;
    import("./thumbhash").then(
      ({ thumbhashUrl }) => {
        if (!gone) setGround(thumbhashUrl(thumbhash));
      },
      // Cut off: the ground stays plain.
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [thumbhash, live, near]);
  // The two next posters are there before they are wanted, but not before the first film is.
  const loading = near ? "eager" : "lazy";
  return (
    <>
      {ground ? <img className="clip-ground" src={ground} alt="" /> : null}
      {poster ? (
        <picture>
          <source type="image/webp" srcSet={poster.webpSrcSet} sizes="(min-width: 64rem) 32rem, 100vw" />
          <img className="clip-poster" src={poster.src} srcSet={poster.srcSet} sizes="(min-width: 64rem) 32rem, 100vw" width={width} height={height} alt="" loading={loading} fetchPriority={isFirst ? "high" : "low"} />
        </picture>
      ) : null}
    </>
  );
}

/** The whole picture is the play button; two taps like. What is said, and what went wrong, stands above it. */
function Surface({ clip, state, captionLang, video, onLike }: { clip: ClipData; state: ClipVideoState; captionLang: string; video: HTMLVideoElement | null; onLike: () => void }) {
  const t = useT();
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const { phase } = state;
  const isPlaying = phase === "playing";

  function onTap(detail: number) {
    // A press of the keyboard has no detail and needs no wait.
    if (detail === 0) return state.toggle();
    window.clearTimeout(timer.current);
    if (detail > 1) return onLike();
    timer.current = window.setTimeout(state.toggle, DOUBLE_TAP_MS);
  }

  return (
    <>
      <button type="button" className="clip-tap" aria-label={t(isPlaying ? "clips.pause" : "clips.play", { title: clip.title })} onClick={(event) => onTap(event.detail)}>
        {isPlaying || phase === "failed" ? null : (
          <span className={phase === "idle" ? "clip-play late" : "clip-play"}>
            <ClipIcon name="play" />
          </span>
        )}
      </button>
      {state.caption ? (
        <p className="clip-caption" lang={captionLang}>
          <b>{state.caption}</b>
        </p>
      ) : null}
      {phase === "failed" ? (
        <div className="clip-trouble" role="alert">
          <p>{t("clips.failed", { at: formatClock(video?.currentTime ?? 0) })}</p>
          <button type="button" className="btn small" onClick={state.retry}>
            {t("clips.retry")}
          </button>
        </div>
      ) : state.slow ? (
        <p className="clip-trouble quiet" role="status">
          {t("clips.slow", { at: formatClock(video?.currentTime ?? 0) })}
        </p>
      ) : null}
    </>
  );
}

function Rail({ clip, feed, isPublished, video, onComments, onMore }: { clip: ClipData; feed: ClipFeedMark; isPublished: boolean; video: HTMLVideoElement | null; onComments: () => void; onMore: () => void }) {
  const t = useT();
  const locale = useLocale();
  return (
    <div className="clip-rail">
      <PlainLink className="clip-face" to={`/members/${clip.author.handle}`} aria-label={t("clips.author", { name: clip.author.displayName })}>
        <Avatar name={clip.author.displayName} size="l" />
      </PlainLink>
      {isPublished ? <ClipLike clip={clip} /> : null}
      <a
        className="clip-act"
        href={`${clipPath(clip.id, feed)}#about`}
        aria-label={`${t("post.commentsWithCount", { count: clip.commentCount })} · ${clip.title}`}
        data-opens="panel"
        onClick={(event) => {
          event.preventDefault();
          onComments();
        }}
      >
        <Icon name="comment" />
        <span className="num">{formatCount(clip.commentCount, locale)}</span>
      </a>
      {isPublished ? <ClipSave clip={clip} /> : null}
      {isPublished ? <ClipShare clip={clip} video={video} /> : null}
      <button type="button" className="clip-act clip-live" aria-haspopup="dialog" aria-label={t("clips.moreOf", { title: clip.title })} onClick={onMore}>
        <ClipIcon name="more" />
        {t("clips.more")}
      </button>
    </div>
  );
}
