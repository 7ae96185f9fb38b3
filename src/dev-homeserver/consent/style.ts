/** The consent page's only style sheet. It is inlined, and the page's policy allows it by its hash. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --canvas: #f3f5f6;
  --surface: #ffffff;
  --text: #17191c;
  --muted: #5b6470;
  --line: #dfe3e8;
  --field: #ffffff;
  --field-line: #8b95a1;
  --accent: #0b7a5c;
  --on-accent: #ffffff;
  --accent-soft: #e3f4ee;
  --warning: #7a4b00;
  --warning-soft: #fff4dd;
  --warning-line: #f0cf8e;
  --danger: #b3261e;
  --danger-soft: #fdeceb;
  --shadow: 0 1px 2px rgb(16 24 40 / 6%), 0 12px 32px rgb(16 24 40 / 8%);
}
@media (prefers-color-scheme: dark) {
  :root {
    --canvas: #101317;
    --surface: #191d23;
    --text: #eceff2;
    --muted: #9ea8b4;
    --line: #2d343d;
    --field: #12161b;
    --field-line: #66717e;
    --accent: #4cc9a0;
    --on-accent: #06231a;
    --accent-soft: #14342b;
    --warning: #f6cd85;
    --warning-soft: #33270f;
    --warning-line: #5e4717;
    --danger: #ff9a92;
    --danger-soft: #3b1a18;
    --shadow: none;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0;
  min-height: 100vh;
  display: flex;
  flex-direction: column;
  align-items: center;
  justify-content: center;
  padding: 1.5rem 1rem;
  background: var(--canvas);
  color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif;
  -webkit-text-size-adjust: 100%;
}
main {
  width: 100%;
  max-width: 27rem;
  padding: 2rem;
  background: var(--surface);
  border: 1px solid var(--line);
  border-radius: 1rem;
  box-shadow: var(--shadow);
}
.badge {
  display: grid;
  place-items: center;
  width: 3.25rem;
  height: 3.25rem;
  margin: 0 auto 1.25rem;
  border-radius: 50%;
  background: var(--accent-soft);
  color: var(--accent);
}
.badge.bad { background: var(--danger-soft); color: var(--danger); }
.badge svg { width: 1.625rem; height: 1.625rem; }
h1 {
  margin: 0;
  font-size: 1.375rem;
  line-height: 1.3;
  font-weight: 650;
  letter-spacing: -0.01em;
  text-align: center;
  text-wrap: balance;
}
h1 + p { margin: 0.5rem 0 0; color: var(--muted); text-align: center; text-wrap: pretty; }
strong { font-weight: 600; color: var(--text); overflow-wrap: anywhere; }
.code {
  margin: 1.5rem 0 0;
  padding: 0.875rem 1rem 1rem;
  border: 1px solid var(--line);
  border-radius: 0.75rem;
  text-align: center;
}
.code dt { font-size: 0.875rem; color: var(--muted); }
.code dd {
  margin: 0.125rem 0 0;
  font: 600 1.75rem/1.2 ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
  letter-spacing: 0.08em;
}
.details { margin: 1.25rem 0 0; }
.details div { display: flex; gap: 1.5rem; justify-content: space-between; padding: 0.5rem 0; }
.details div + div { border-top: 1px solid var(--line); }
.details dt { flex: none; color: var(--muted); }
.details dd { margin: 0; min-width: 0; font-weight: 500; text-align: right; overflow-wrap: anywhere; }
.note {
  margin: 1.25rem 0 0;
  padding: 0.875rem 1rem;
  border: 1px solid var(--warning-line);
  border-radius: 0.75rem;
  background: var(--warning-soft);
  color: var(--warning);
  font-size: 0.9375rem;
}
.note strong { display: block; margin-bottom: 0.125rem; color: inherit; }
.error {
  margin: 1.25rem 0 0;
  padding: 0.75rem 1rem;
  border-radius: 0.75rem;
  background: var(--danger-soft);
  color: var(--danger);
  font-size: 0.9375rem;
}
form { margin: 1.5rem 0 0; }
label { display: block; margin: 0 0 0.375rem; font-weight: 500; }
input + label { margin-top: 1rem; }
input:not([type="hidden"]) {
  display: block;
  width: 100%;
  padding: 0.6875rem 0.875rem;
  border: 1px solid var(--field-line);
  border-radius: 0.625rem;
  background: var(--field);
  color: inherit;
  font: inherit;
}
input.user-code {
  font-family: ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "Liberation Mono", monospace;
  font-size: 1.25rem;
  letter-spacing: 0.08em;
  text-align: center;
  text-transform: uppercase;
}
.actions { display: flex; gap: 0.75rem; margin-top: 1.5rem; }
button {
  flex: 1;
  min-height: 2.875rem;
  padding: 0.625rem 1rem;
  border: 1px solid var(--field-line);
  border-radius: 0.625rem;
  background: transparent;
  color: inherit;
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button.primary { border-color: var(--accent); background: var(--accent); color: var(--on-accent); }
button:hover { filter: brightness(1.08); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
footer { margin-top: 1.25rem; color: var(--muted); font-size: 0.8125rem; text-align: center; }
@media (max-width: 26rem) {
  main { padding: 1.25rem; }
  .details div { gap: 1rem; padding: 0.3125rem 0; }
}
/* On a small phone, what is decided about and both buttons are in sight at once. */
@media (max-height: 45rem) {
  body { padding: 0.75rem; }
  .badge { display: none; }
  .code { margin-top: 0.75rem; padding: 0.5rem 1rem 0.625rem; }
  .details { margin-top: 0.5rem; }
  .note { margin-top: 0.5rem; padding: 0.625rem 0.75rem; font-size: 0.875rem; line-height: 1.4; }
  form { margin-top: 0; }
  h1 + p + form, .error + form { margin-top: 1rem; }
  .actions { margin-top: 0.875rem; }
  footer { margin-top: 0.75rem; }
}
`;
