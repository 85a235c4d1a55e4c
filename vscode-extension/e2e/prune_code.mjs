// Takes out of an unpacked VS Code what only reaches for a network or has to be compiled.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = process.argv[2];

const NATIVE = [
  "@github/copilot-sdk",
  "@microsoft/mxc-sdk",
  "@devcontainers/cli",
  "@vscode/copilot-api",
  "@vscode/sandbox-runtime",
  "@vscode/sqlite3",
  "@vscode/windows-process-tree",
  "@vscode/windows-registry",
  "ssh2",
  "kerberos",
];
const ONLINE_EXTENSIONS = [
  "copilot",
  "github",
  "github-authentication",
  "microsoft-authentication",
  "tunnel-forwarding",
  "mermaid-markdown-features",
];
const ONLINE_KEYS = ["extensionsGallery", "defaultChatAgent", "aiConfig", "builtInExtensions", "mcpGallery"];

/** Read, change and write one JSON file. */
function edit(name, change) {
  const path = join(root, name);
  const value = JSON.parse(readFileSync(path, "utf8"));
  change(value);
  writeFileSync(path, JSON.stringify(value, null, 2));
}

edit("package.json", (manifest) => {
  for (const name of NATIVE) delete manifest.dependencies[name];
  delete manifest.overrides;
  delete manifest.allowScripts;
});
edit("product.json", (product) => {
  for (const key of ONLINE_KEYS) delete product[key];
  product.enableTelemetry = false;
});
for (const name of ONLINE_EXTENSIONS) rmSync(join(root, "extensions", name), { recursive: true, force: true });
