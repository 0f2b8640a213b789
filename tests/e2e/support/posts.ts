import { openPage } from "./browser";
import { logIn } from "./people";

/** Publishes a post in the first topic and returns its address. Nobody else's journey changes it. */
export async function publishPost(title: string, author = "zhouzhou"): Promise<string> {
  const writer = await openPage({ width: 1280, javaScript: false });
  await logIn(writer, author);
  await writer.goto("/posts/new");
  await writer.fill("input[name=title]", title);
  await writer.fill("textarea[name=body]", "写给别处的一次试读。");
  await writer.locator("input[name=topics]").first().check();
  await writer.locator("button[name=intent][value=publish]").first().click();
  await writer.waitForURL(/\/posts\/(?!new)/);
  return new URL(writer.url()).pathname;
}
