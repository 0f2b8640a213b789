import { useT } from "~/i18n/react";

export interface TierCardData {
  tier: number;
  next: { tier: number; gaps: { signal: string; has: number; needs: number }[] } | null;
}

/** Where the member stands, what it allows, and exactly what is missing for the next step. */
export function TierCard({ tier, next }: TierCardData) {
  const t = useT();
  return (
    <section className="tier" aria-labelledby="tier-title">
      <h2 id="tier-title">
        {t("account.tier")} <span className="chip act">{t(`profile.tier.${tier}`)}</span>
      </h2>
      {next ? (
        <>
          <p className="sub">{t("account.nextTier", { tier: t(`profile.tier.${next.tier}`) })}</p>
          <ul>
            {next.gaps.map(({ signal, has, needs }) => (
              <li key={signal}>
                <span>{t(`account.signal.${signal}`)}</span>
                <progress max={needs} value={has} aria-label={t(`account.signal.${signal}`)} />
                <span className="num">{t("account.hasOf", { has, needs })}</span>
              </li>
            ))}
          </ul>
        </>
      ) : (
        <p className="sub">{t("account.topTier")}</p>
      )}
      <p className="hint">{t("account.tierHint")}</p>
    </section>
  );
}
