import '../shared/no-eval.ts';
import { createRoot } from 'react-dom/client';
import '../shared/tokens.css';
import '../shared/base.css';
import { followKeptAppearance } from '../shared/appearance.ts';
import { Root } from '../shared/root.tsx';
import { ApprovalWindow } from './approval-window.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
await followKeptAppearance();
createRoot(root).render(
  <Root>
    <ApprovalWindow />
  </Root>,
);
