import type { LoaderFunctionArgs } from "@remix-run/node";
import { NotFound } from "@models/errors";
import { toThrown } from "~/http/errors.server";

/** Every address that is no page: the root's boundary says so and shows the way on. */
export function loader({ request }: LoaderFunctionArgs): never {
  throw toThrown(new NotFound(`page ${new URL(request.url).pathname}`), request);
}

export default function NoPage() {
  return null;
}
