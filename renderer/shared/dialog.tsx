import { AlertDialog } from '@base-ui/react/alert-dialog';
import { Dialog as Base } from '@base-ui/react/dialog';
import { X } from 'lucide-react';
import { type ReactNode, useCallback, useState } from 'react';
import styles from './dialog.module.css';
import { useMessages } from './language.ts';
import { Button } from './parts.tsx';
import { useLeaveGuard } from './route.ts';

interface Props {
  readonly open: boolean;
  /** Called with Escape, the cross, or a click beside it. */
  readonly onClose: () => void;
  readonly title: ReactNode;
  readonly children: ReactNode;
  /** Buttons, the primary one last. */
  readonly actions?: ReactNode;
  readonly wide?: boolean;
}

/** A dialog in the middle. Focus stays in it and goes back where it came from. */
export function Dialog(props: Props) {
  return <Panel {...props} look={props.wide === true ? styles.wide : styles.middle} />;
}

/** Details on the right; a sheet from below where it is narrow. */
export function Drawer(props: Props) {
  return <Panel {...props} look={styles.drawer} />;
}

function Panel({ open, onClose, title, children, actions, look }: Props & { look: string | undefined }) {
  const m = useMessages();
  return (
    <Base.Root open={open} onOpenChange={(now) => !now && onClose()}>
      <Base.Portal>
        <Base.Backdrop className={styles.backdrop} />
        <Base.Popup className={`${styles.popup} ${look}`}>
          <header className={styles.head}>
            <Base.Title className={styles.title}>{title}</Base.Title>
            <Base.Close className={styles.close} aria-label={m.actions.close} title={m.actions.close}>
              <X size={16} aria-hidden="true" />
            </Base.Close>
          </header>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys */}
          <div className={styles.inside} tabIndex={0}>
            {children}
          </div>
          {actions !== undefined && <footer className={styles.actions}>{actions}</footer>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

/** Asks before something that cannot be taken back. Focus begins on the way out. */
export function Confirm({
  open,
  onClose,
  onConfirm,
  title,
  children,
  verb,
  danger = true,
}: {
  readonly open: boolean;
  readonly onClose: () => void;
  readonly onConfirm: () => void;
  readonly title: string;
  readonly children: ReactNode;
  /** What the button does: "Revoke". */
  readonly verb: string;
  readonly danger?: boolean;
}) {
  const m = useMessages();
  return (
    <AlertDialog.Root open={open} onOpenChange={(now) => !now && onClose()}>
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={styles.backdrop} />
        <AlertDialog.Popup className={`${styles.popup} ${styles.middle}`}>
          <header className={styles.head}>
            <AlertDialog.Title className={styles.title}>{title}</AlertDialog.Title>
          </header>
          <AlertDialog.Description className={styles.inside} render={<div />}>
            {children}
          </AlertDialog.Description>
          <footer className={styles.actions}>
            <AlertDialog.Close render={<Button />}>{m.actions.cancel}</AlertDialog.Close>
            <Button look={danger ? 'danger' : 'primary'} onClick={onConfirm}>
              {verb}
            </Button>
          </footer>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}

export interface Unsaved {
  /** To be rendered. */
  readonly question: ReactNode;
  /** Does what would drop the changes: at once where there are none, else when the person says so. */
  readonly leave: (then: () => void) => void;
}

/** While `dirty`, asks before the page is left, and before whatever is done through `leave`. */
export function useUnsaved(dirty: boolean): Unsaved {
  const m = useMessages();
  const [answer, setAnswer] = useState<(go: boolean) => void>();
  const ask = useCallback(() => new Promise<boolean>((resolve) => setAnswer(() => resolve)), []);
  useLeaveGuard(dirty, ask);
  const reply = (go: boolean) => {
    answer?.(go);
    setAnswer(undefined);
  };
  return {
    question: (
      <Confirm
        open={answer !== undefined}
        onClose={() => reply(false)}
        onConfirm={() => reply(true)}
        title={m.unsaved.title}
        verb={m.unsaved.leave}
      >
        {m.unsaved.text}
      </Confirm>
    ),
    leave: (then) => {
      if (!dirty) then();
      else void ask().then((go) => go && then());
    },
  };
}
