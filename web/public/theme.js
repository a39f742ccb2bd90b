// Before the first paint, so that a dark page never flashes white. No inline script: the policy forbids it.
(function () {
  var chosen = 'system';
  try {
    chosen = JSON.parse(localStorage.getItem('gophercron') || '{}').theme || 'system';
  } catch {
    // A browser that keeps nothing gets what its system says.
  }
  var dark = chosen === 'dark' || (chosen === 'system' && matchMedia('(prefers-color-scheme: dark)').matches);
  document.documentElement.classList.toggle('dark', dark);
})();
