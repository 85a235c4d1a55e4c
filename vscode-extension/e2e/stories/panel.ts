/** What the stories do with the run panel. */
import type { Screen } from "../harness/screen.ts";

/** So many epochs that a story ends before they do. */
export const MANY = 300;

/** Make the training of the example long enough to look at: small batches, many epochs, no early end. */
export async function longTraining(screen: Screen): Promise<void> {
  await screen.replace("batch_size: 256", "batch_size: 16");
  await screen.replace("early_stop: 8 ", "early_stop: -1 ");
  await screen.replace("epochs: 40", `epochs: ${MANY}`);
  await screen.page.keyboard.press("Control+s");
}

/** Click a lens above the first line. */
export async function lens(screen: Screen, title: string): Promise<void> {
  // A panel that opens meanwhile may take the focus, and with it the key.
  await screen.until("the cursor is on the first line", async () => {
    await screen.editor.click();
    await screen.page.keyboard.press("Control+Home");
    return (await screen.page.locator(".statusbar-item").filter({ hasText: "Ln 1, Col 1" }).count()) > 0;
  });
  const links = screen.page.locator(".codelens-decoration a");
  await links
    .filter({ hasText: new RegExp(`^${title}$`) })
    .first()
    .click();
}

/** Click a button of the panel. */
export function button(screen: Screen, name: string): Promise<void> {
  return screen.webview.getByRole("button", { name, exact: true }).first().click();
}

/** Wait until the panel says how its run stands. */
export async function standing(screen: Screen, status: string): Promise<void> {
  await screen.webview.getByText(status, { exact: true }).first().waitFor();
}

/** Stop the run after a checkpoint. */
export async function stop(screen: Screen): Promise<void> {
  await button(screen, "Stop");
  await standing(screen, "Interrupted");
}

/** The epoch that the panel shows, as in `5 / 300`; 0 before the first. */
export async function epochNow(screen: Screen): Promise<number> {
  const text = await screen.webview.locator("body").innerText();
  return Number(new RegExp(`(\\d+)\\s*/\\s*${MANY}`).exec(text)?.[1] ?? 0);
}

/** Wait until the panel shows a later epoch. */
export async function epochAfter(screen: Screen, epoch: number): Promise<number> {
  return screen.until(`an epoch after ${epoch}`, async () => {
    const now = await epochNow(screen);
    return now > epoch && now;
  });
}
