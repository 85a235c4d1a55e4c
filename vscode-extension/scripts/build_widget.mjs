// Bundles the pictures of runs for notebooks: one module without imports, with its stylesheet and uPlot's licence in it.
// With `--check` nothing is written; it fails where the committed file is not what the sources say.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OUT = fileURLToPath(new URL("../../jupyter_ext/declml_jupyter/static/run.js", import.meta.url));

/** A stylesheet as a text, small. */
const styles = {
  name: "styles",
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const result = await build({ entryPoints: [path], bundle: true, minify: true, write: false, target: "es2022" });
      return { contents: result.outputFiles[0].text.trim(), loader: "text" };
    });
  },
};

const { version } = JSON.parse(readFileSync(`${ROOT}node_modules/uplot/package.json`, "utf8"));
const licence = readFileSync(`${ROOT}node_modules/uplot/LICENSE`, "utf8").trim();
const result = await build({
  absWorkingDir: ROOT,
  entryPoints: ["src/webview/widget.ts"],
  bundle: true,
  minify: true,
  write: false,
  format: "esm",
  platform: "browser",
  target: "es2022",
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
  plugins: [styles],
  banner: {
    js:
      "// Written by `npm run build:widget` in vscode-extension. Do not edit.\n" +
      `/*! Contains uPlot ${version}.\n\n${licence}\n*/`,
  },
});
const { text } = result.outputFiles[0];
if (process.argv.includes("--check")) {
  if (readFileSync(OUT, "utf8") !== text) {
    console.error("The notebook's module is not what its sources say. Run `npm run build:widget`.");
    process.exitCode = 1;
  }
} else {
  mkdirSync(dirname(OUT), { recursive: true });
  writeFileSync(OUT, text);
  console.log(`${OUT}: ${(Buffer.byteLength(text) / 1000).toFixed(1)} kB`);
}
