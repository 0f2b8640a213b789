import { useLocation, useNavigate } from "@remix-run/react";
import { useEffect, type AnchorHTMLAttributes } from "react";

export interface PlainLinkProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, "href"> {
  to: string;
  /** The browser asks at once which modules the page needs; for the few places that are always in sight. */
  discover?: boolean;
  /** The page stays where it is scrolled to. */
  keepScroll?: boolean;
}

/**
 * A link as the browser knows it. Pages have a hundred links, and each router link costs work on the server and again in
 * the browser; here one listener at the document turns a plain press on any of them into a navigation without a reload.
 */
export function PlainLink({ to, discover, keepScroll, ...rest }: PlainLinkProps) {
  return <a href={to} data-nav={keepScroll ? "keep" : ""} data-discover={discover ? "true" : undefined} {...rest} />;
}

/** A link of a navigation bar: says when its page, or one below it, is the one being read. `end`: that page alone. */
export function PlaceLink({ at, end, ...rest }: PlainLinkProps & { at: string; end?: boolean }) {
  const { to } = rest;
  const isHere = at === to || (!end && at.startsWith(`${to}/`));
  return <PlainLink discover {...rest} aria-current={isHere ? "page" : undefined} />;
}

/** The one listener; the root of the page installs it. */
export function usePlainLinks(): void {
  const navigate = useNavigate();
  const { pathname, search, hash } = useLocation();
  const here = pathname + search + hash;
  useEffect(() => {
    function onClick(event: MouseEvent) {
      if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>("a[data-nav]") : null;
      if (!link || link.target || link.origin !== window.location.origin) return;
      event.preventDefault();
      const there = link.pathname + link.search + link.hash;
      navigate(there, { replace: there === here, preventScrollReset: link.dataset.nav === "keep" });
    }
    document.addEventListener("click", onClick);
    return () => document.removeEventListener("click", onClick);
  }, [navigate, here]);
}
