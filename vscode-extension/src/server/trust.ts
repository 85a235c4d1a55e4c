/** The editor's trust in a workspace, handed on: whoever trusts a folder here need not say it to declml once more. */
import { delimiter } from "node:path";

/** Return the variable that names the trusted folders: those of the workspace, after those that were there already. */
export function trustedFolders(folders: readonly string[], before: string | undefined): Record<string, string> {
  const all = [...(before ? before.split(delimiter) : []), ...folders];
  return all.length === 0 ? {} : { DECLML_TRUST: all.join(delimiter) };
}
