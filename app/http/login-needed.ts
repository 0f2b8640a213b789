import { DomainError } from "@models/errors";

/** A guest asked for something that members do; `location` is the page that leads there and back. */
export class LoginNeeded extends DomainError {
  constructor(readonly location: string) {
    super("UNAUTHENTICATED", "login needed");
  }
}
