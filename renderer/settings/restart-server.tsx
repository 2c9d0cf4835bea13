import { useState } from 'react';
import { Confirm } from '../shared/dialog.tsx';
import { ask } from '../shared/host.ts';
import { useMessages } from '../shared/language.ts';
import { panel, usePanel } from '../shared/panel.ts';
import { Button, Notice } from '../shared/parts.tsx';
import { toast } from '../shared/toast.tsx';

/** Says that the server still listens where it did before, and starts it again when the person wants it. */
export function RestartServer({ port }: { readonly port: number }) {
  const m = useMessages();
  const { status } = usePanel();
  const [asking, setAsking] = useState(false);
  const now = status?.mcp === undefined ? undefined : Number(new URL(status.mcp).port);
  if (now === undefined || port === 0 || port === now) return null;
  const restart = async () => {
    setAsking(false);
    await ask('server.stop', {});
    const after = await ask('server.start', {});
    panel.merge((state) => ({ ...state, status: after }));
    toast.done(m.settings.restart.done(port));
  };
  return (
    <Notice tone="plain" action={<Button onClick={() => setAsking(true)}>{m.settings.restart.verb}</Button>}>
      {m.settings.restart.text(now)}
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        onConfirm={() => void restart().catch(toast.failed)}
        title={m.settings.restart.title}
        verb={m.settings.restart.verb}
      >
        {m.settings.restart.warning}
      </Confirm>
    </Notice>
  );
}
