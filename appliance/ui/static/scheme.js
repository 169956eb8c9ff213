// Light or dark: the person's choice (a cookie that /dark_mode sets), else what the system prefers.

const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');

function chosen() {
  const match = document.cookie.match(/(?:^|; )color_scheme=(light|dark)/);
  return match ? match[1] : null;
}

/** Set html[data-bs-theme], now and whenever the system's preference changes. */
export function applyColorScheme() {
  const apply = () => {
    document.documentElement.dataset.bsTheme = chosen() ?? (prefersDark.matches ? 'dark' : 'light');
  };
  apply();
  prefersDark.addEventListener('change', apply);
}
