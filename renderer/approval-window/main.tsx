import { createRoot } from 'react-dom/client';
import '../shared/tokens.css';
import '../shared/base.css';
import { Root } from '../shared/root.tsx';
import { ApprovalWindow } from './approval-window.tsx';

const root = document.getElementById('root');
if (root === null) throw new Error('the page has no root');
createRoot(root).render(
  <Root>
    <ApprovalWindow />
  </Root>,
);
