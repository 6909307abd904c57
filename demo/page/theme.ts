const KEY = 'stylefilter-theme';

/** Light or dark: what the visitor chose here before, else what the system says. */
export function createTheme(button: HTMLButtonElement): void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    const dark = (localStorage.getItem(KEY) ?? (system.matches ? 'dark' : 'light')) === 'dark';
    document.documentElement.dataset['theme'] = dark ? 'dark' : 'light';
    button.setAttribute('aria-pressed', String(dark));
  };
  button.addEventListener('click', () => {
    localStorage.setItem(KEY, document.documentElement.dataset['theme'] === 'dark' ? 'light' : 'dark');
    apply();
  });
  system.addEventListener('change', apply);
  apply();
}
