/** The page of a webview: one script, one stylesheet, nothing from elsewhere. Knows nothing of VS Code. */

export interface PageParts {
  view: "run" | "compare";
  title: string;
  script: string;
  style: string;
  /** Where the page's own files come from, as the policy names it. */
  source: string;
  /** Unguessable, new for each page. */
  nonce: string;
}

/** Return the page. */
export function page({ view, title, script, style, source, nonce }: PageParts): string {
  const policy = [
    "default-src 'none'",
    `img-src ${source} data:`,
    `style-src ${source}`,
    `font-src ${source}`,
    `script-src 'nonce-${nonce}'`,
  ].join("; ");
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${style}">
<title>${escaped(title)}</title>
</head>
<body data-view="${view}">
<main id="root"></main>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}

function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (each) => `&#${each.charCodeAt(0)};`);
}
