/** The variables that VS Code gives a webview, for three of its themes: as many as our stylesheet asks for. */

export interface Theme {
  className: string;
  variables: Record<string, string>;
}

const FONTS = {
  "--vscode-font-family": '"DejaVu Sans", sans-serif',
  "--vscode-font-size": "13px",
  "--vscode-editor-font-family": '"DejaVu Sans Mono", monospace',
};

export const THEMES: Record<string, Theme> = {
  dark: {
    className: "vscode-dark",
    variables: {
      ...FONTS,
      "--vscode-editor-background": "#1f1f1f",
      "--vscode-editorWidget-background": "#202020",
      "--vscode-foreground": "#cccccc",
      "--vscode-descriptionForeground": "#9d9d9d",
      "--vscode-widget-border": "#313131",
      "--vscode-focusBorder": "#0078d4",
      "--vscode-button-background": "#0078d4",
      "--vscode-button-foreground": "#ffffff",
      "--vscode-button-hoverBackground": "#026ec1",
      "--vscode-button-border": "#ffffff12",
      "--vscode-button-secondaryBackground": "#313131",
      "--vscode-button-secondaryForeground": "#cccccc",
      "--vscode-button-secondaryHoverBackground": "#3c3c3c",
      "--vscode-dropdown-background": "#313131",
      "--vscode-dropdown-border": "#3c3c3c",
      "--vscode-dropdown-foreground": "#cccccc",
      "--vscode-progressBar-background": "#0078d4",
      "--vscode-list-hoverBackground": "#2a2d2e",
      "--vscode-textCodeBlock-background": "#2b2b2b",
    },
  },
  light: {
    className: "vscode-light",
    variables: {
      ...FONTS,
      "--vscode-editor-background": "#ffffff",
      "--vscode-editorWidget-background": "#f8f8f8",
      "--vscode-foreground": "#3b3b3b",
      "--vscode-descriptionForeground": "#3b3b3b",
      "--vscode-widget-border": "#e5e5e5",
      "--vscode-focusBorder": "#005fb8",
      "--vscode-button-background": "#005fb8",
      "--vscode-button-foreground": "#ffffff",
      "--vscode-button-hoverBackground": "#0258a8",
      "--vscode-button-border": "#0000001a",
      "--vscode-button-secondaryBackground": "#e5e5e5",
      "--vscode-button-secondaryForeground": "#3b3b3b",
      "--vscode-button-secondaryHoverBackground": "#cccccc",
      "--vscode-dropdown-background": "#ffffff",
      "--vscode-dropdown-border": "#cecece",
      "--vscode-dropdown-foreground": "#3b3b3b",
      "--vscode-progressBar-background": "#005fb8",
      "--vscode-list-hoverBackground": "#f2f2f2",
      "--vscode-textCodeBlock-background": "#f8f8f8",
    },
  },
  "high-contrast": {
    className: "vscode-high-contrast",
    variables: {
      ...FONTS,
      "--vscode-editor-background": "#000000",
      "--vscode-editorWidget-background": "#0c141f",
      "--vscode-foreground": "#ffffff",
      "--vscode-descriptionForeground": "#ffffffb3",
      "--vscode-contrastBorder": "#6fc3df",
      "--vscode-contrastActiveBorder": "#f38518",
      "--vscode-widget-border": "#6fc3df",
      "--vscode-focusBorder": "#f38518",
      "--vscode-button-background": "#000000",
      "--vscode-button-foreground": "#ffffff",
      "--vscode-button-border": "#6fc3df",
      "--vscode-button-secondaryForeground": "#ffffff",
      "--vscode-dropdown-background": "#000000",
      "--vscode-dropdown-border": "#6fc3df",
      "--vscode-dropdown-foreground": "#ffffff",
      "--vscode-progressBar-background": "#6fc3df",
    },
  },
};
