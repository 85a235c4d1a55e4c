/** Where everything lies: what `setup.sh` found, and the folders of this extension. */
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

interface Found {
  browser: string;
  node: string;
  code: string;
  cache: string;
}

export const FOUND = JSON.parse(process.env["DECLML_E2E_FOUND"] ?? "{}") as Found;
export const EXTENSION = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
export const PYTHON = process.env["DECLML_E2E_PYTHON"] ?? "";
export const VSIX = join(EXTENSION, "declml.vsix");
export const SCREENSHOTS = join(EXTENSION, "e2e", "screenshots");

mkdirSync(SCREENSHOTS, { recursive: true });
