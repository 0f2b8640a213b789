import { usePage } from "~/components/layout/page-context";
import { formatDateTime, formatRelative } from "~/format/dates";
import { useLocale } from "~/i18n/react";

/** A moment, relative to the page's clock; the full date is in the title and the machine form in `dateTime`. */
export function Time({ iso }: { iso: string }) {
  const locale = useLocale();
  const { now } = usePage();
  return (
    <time dateTime={iso} title={formatDateTime(iso, locale)}>
      {formatRelative(iso, locale, new Date(now))}
    </time>
  );
}
