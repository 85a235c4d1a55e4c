// Puts plain JavaScript in the place of two native modules of VS Code, so that nothing has to be compiled.
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const modules = join(process.argv[2], "node_modules", "@vscode");

// The watchdog ends a server whose parent is gone; the tests end theirs themselves.
const watchdog = `exports.start = () => {};
exports.exit = (code) => process.exit(code || 0);
`;

// Without a logger the extension host's log and every output channel stay empty.
// VS Code imports it as an ES module, whose lexer sees only names that are exported one by one.
const logger = `const fs = require("fs");
const path = require("path");
const LEVELS = ["trace", "debug", "info", "warning", "error", "critical", "off"];
let level = 0;

class Logger {
  constructor(file) {
    this.file = file;
    this.level = level;
    this.plain = false;
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.appendFileSync(file, "");
  }
  say(at, text) {
    if (at < this.level) return;
    const stamp = new Date().toISOString().replace("T", " ").replace("Z", "");
    fs.appendFileSync(this.file, this.plain ? text : stamp + " [" + LEVELS[at] + "] " + text + "\\n");
  }
  trace(text) { this.say(0, text); }
  debug(text) { this.say(1, text); }
  info(text) { this.say(2, text); }
  warn(text) { this.say(3, text); }
  error(text) { this.say(4, text); }
  critical(text) { this.say(5, text); }
  getLevel() { return this.level; }
  setLevel(to) { this.level = to; }
  clearFormatters() { this.plain = true; }
  setPattern() {}
  flush() {}
  drop() {}
}

exports.version = 0;
exports.setLevel = (to) => { level = to; };
exports.setFlushOn = () => {};
exports.Logger = Logger;
exports.createRotatingLogger = async (_name, file) => new Logger(file);
exports.createAsyncRotatingLogger = async (_name, file) => new Logger(file);
`;

writeFileSync(join(modules, "native-watchdog", "index.js"), watchdog);
writeFileSync(join(modules, "spdlog", "index.js"), logger);
