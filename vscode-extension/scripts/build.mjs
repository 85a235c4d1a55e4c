// Bundles the extension: one file for the extension host, one script and one stylesheet for each webview.
import { existsSync, rmSync } from "node:fs";
import { build } from "esbuild";

const production = !process.argv.includes("--debug");
const shared = { bundle: true, minify: production, sourcemap: production ? false : "linked", logLevel: "warning" };

rmSync("dist", { recursive: true, force: true });
/** The client of the language server stays a file of its own, read when it is wanted. */
const laterClient = {
  name: "later-client",
  setup(bundle) {
    bundle.onResolve({ filter: /^\.\/client$/ }, ({ kind }) =>
      kind === "dynamic-import" ? { path: "./client.js", external: true } : undefined,
    );
  },
};
await build({
  ...shared,
  entryPoints: { extension: "src/extension.ts", client: "src/server/client.ts" },
  outdir: "dist",
  platform: "node",
  format: "cjs",
  target: "node18",
  // The packages' CommonJS files cannot be shaken; their ES modules leave out what is not used.
  mainFields: ["module", "main"],
  external: ["vscode"],
  // VS Code hands out its own module to require alone.
  supported: { "dynamic-import": false },
  plugins: [laterClient],
});
for (const view of ["run", "compare"]) {
  if (!existsSync(`src/webview/${view}.ts`)) throw new Error(`src/webview/${view}.ts is missing`);
  await build({
    ...shared,
    entryPoints: { [view]: `src/webview/${view}.ts` },
    outdir: "dist/webview",
    platform: "browser",
    format: "iife",
    target: "es2022",
  });
}
