import { z } from "zod";

/** The forms of login and account. What is wrong with a value is said by the services; here only what it may be at most. */
const text = (max: number) => z.string().trim().min(1, "form.required").max(max, "form.tooLong");
/** Passwords keep their spaces. */
const password = z.string().min(1, "form.required").max(400, "auth.passwordLong");
const code = z
  .string()
  .transform((typed) => typed.normalize("NFKC").replace(/\D/g, ""))
  .refine((digits) => digits.length === 6, "auth.codeShape");
const checkbox = z.enum(["on"]).optional().transform((value) => value === "on");

/** What every form on the way to a login carries along. */
const onTheWay = {
  intent: z.string().max(8_000).default(""),
  redirectTo: z.string().max(2_000).default("/"),
  remember: checkbox,
  /** Set by the sheet, which shows the next step itself. */
  sheet: checkbox,
};

export const PhoneForm = z.object({ step: z.literal("phone"), phone: text(40), ...onTheWay });
export const PasswordForm = z.object({ step: z.literal("password"), handle: text(60), password, ...onTheWay });
export const LoginForm = z.discriminatedUnion("step", [PhoneForm, PasswordForm], { error: "form.notAForm" });
export const JoinForm = z.object({ handle: text(60), password, ...onTheWay });
const challenge = z.string().regex(/^[\w-]{1,40}$/, "auth.codeUnknown");
export const CodeForm = z.discriminatedUnion(
  "step",
  [z.object({ step: z.literal("resend"), c: challenge, ...onTheWay }), z.object({ step: z.literal("code"), c: challenge, code, ...onTheWay })],
  { error: "form.notAForm" },
);
export const ResetForm = z.discriminatedUnion(
  "step",
  [
    z.object({ step: z.literal("contact"), contact: text(260) }),
    z.object({ step: z.literal("resend"), c: challenge }),
    z.object({ step: z.literal("password"), c: challenge, code, password }),
  ],
  { error: "form.notAForm" },
);
export const ProfileForm = z.object({
  step: z.literal("profile"),
  displayName: z.string().trim().min(1, "form.required").max(60, "form.tooLong"),
  bio: z.string().trim().max(600, "form.tooLong").default(""),
  language: z.enum(["zh-CN", "en"]),
});
export const HandleForm = z.object({ step: z.literal("handle"), handle: text(60) });
export const AccountForm = z.discriminatedUnion("step", [ProfileForm, HandleForm], { error: "form.notAForm" });
export const SessionsForm = z.discriminatedUnion("step", [z.object({ step: z.literal("one"), key: z.string().regex(/^[\w-]{1,100}$/) }), z.object({ step: z.literal("others") })], {
  error: "form.notAForm",
});
export const ChangePasswordForm = z.object({ currentPassword: z.string().max(400).default(""), newPassword: password });
export const ContactForm = z.discriminatedUnion(
  "step",
  [
    z.object({ step: z.literal("contact"), contact: text(260) }),
    z.object({ step: z.literal("resend"), c: challenge }),
    z.object({ step: z.literal("code"), c: challenge, code }),
  ],
  { error: "form.notAForm" },
);
export const RealNameForm = z.object({ name: text(60), idNumber: text(30) });
