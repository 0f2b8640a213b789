/** Limits of what members write, in characters as people see them; the composer states them before they are reached. */
export const TITLE_MAX = 60;
export const BODY_MAX = 20_000;
export const COMMENT_MAX = 2_000;
export const PICTURES_MAX = 20;
export const TOPICS_MAX = 3;
export const HOLDS_MAX = 5;
export const POLL_OPTIONS_MIN = 2;
export const POLL_OPTIONS_MAX = 6;
export const POLL_QUESTION_MAX = 80;
export const POLL_OPTION_MAX = 40;
export const POLL_DAYS_MAX = 30;
export const REPORT_DETAIL_MAX = 500;
