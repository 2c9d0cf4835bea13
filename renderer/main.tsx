import './shared/no-eval.ts';
import { createRoot } from 'react-dom/client';
import './shared/tokens.css';
import './shared/base.css';
import { App } from './app.tsx';
import { followAppearance } from './shared/appearance.ts';
import { followHost } from './shared/query.ts';
import { Root } from './shared/root.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
followHost();
// With the right ground and words from the first paint on.
await followAppearance();
createRoot(root).render(
  <Root>
    <App />
  </Root>,
);
