import { CSPProvider } from '@base-ui/react/csp-provider';
import { QueryClientProvider } from '@tanstack/react-query';
import { Component, type ReactNode, StrictMode } from 'react';
import { errorText } from './host.ts';
import { messages } from './language.ts';
import { Button, Notice } from './parts.tsx';
import { queries } from './query.ts';
import { ShortcutsKey } from './shortcuts-key.tsx';
import { Toasts } from './toast.tsx';

/** What every window of ours stands in. The content security policy has no place for style elements. */
export function Root({ children }: { readonly children: ReactNode }) {
  return (
    <StrictMode>
      <CSPProvider disableStyleElements>
        <QueryClientProvider client={queries}>
          <Fence>{children}</Fence>
          <ShortcutsKey />
          <Toasts />
        </QueryClientProvider>
      </CSPProvider>
    </StrictMode>
  );
}

/** Keeps a page that throws from taking the rest with it. Give it a `key` that changes with the page. */
export class Fence extends Component<{ readonly children: ReactNode }, { readonly problem?: string }> {
  override state: { readonly problem?: string } = {};

  static getDerivedStateFromError(error: unknown): { problem: string } {
    return { problem: errorText(error) };
  }

  override render(): ReactNode {
    const { problem } = this.state;
    if (problem === undefined) return this.props.children;
    const { crashed, crashedText, reload, detail } = messages().errors;
    return (
      <Notice tone="danger" action={<Button onClick={() => window.location.reload()}>{reload}</Button>}>
        <strong>{crashed}.</strong> {crashedText}
        <details>
          <summary>{detail}</summary>
          <code>{problem}</code>
        </details>
      </Notice>
    );
  }
}
