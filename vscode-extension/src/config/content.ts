/** Whether a YAML text is a declml config, by the same marks that the language server goes by. */

const COMMENTS_BEFORE = String.raw`^(?:[ \t]*(?:#[^\r\n]*|---[ \t]*)?(?:\r\n?|\n))*?[ \t]*`;
const MARK = new RegExp(`${COMMENTS_BEFORE}#[ \\t]*declml[ \\t]*(?:\\r|\\n|$)`);
const OFF = new RegExp(`${COMMENTS_BEFORE}#[ \\t]*declml:[ \\t]*off[ \\t]*(?:\\r|\\n|$)`);
const KEY = /^(["']?)input_features\1[ \t]*:/m;

/** Return whether the text says that it is a config: by a first comment `# declml`, or by its `input_features`. */
export function looksLikeConfig(text: string): boolean {
  return !OFF.test(text) && (MARK.test(text) || KEY.test(text));
}
