import { Toast } from '@base-ui/react/toast';
import { CircleAlert, CircleCheck, X } from 'lucide-react';
import { errorText } from './host.ts';
import { messages, useMessages } from './language.ts';
import styles from './toast.module.css';

const manager = Toast.createToastManager();
const UNDO_MS = 10_000;
const SAY_MS = 5000;

/** A word in the corner about what was just done, with Undo where it can be taken back. Errors stay until closed. */
export const toast = {
  done(text: string, options: { readonly undo?: () => Promise<unknown> } = {}): void {
    const { undo } = options;
    const id = manager.add({
      title: text,
      timeout: undo === undefined ? SAY_MS : UNDO_MS,
      ...(undo === undefined
        ? {}
        : {
            actionProps: {
              children: messages().actions.undo,
              onClick: () => {
                manager.close(id);
                undo().catch((error: unknown) => toast.failed(error));
              },
            },
          }),
    });
  },
  failed(error: unknown): void {
    manager.add({ title: errorText(error), type: 'error', timeout: 0, priority: 'high' });
  },
};

/** Where toasts appear. Once in each window. */
export function Toasts() {
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      <Toast.Portal>
        <Toast.Viewport className={styles.viewport}>
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const m = useMessages();
  const { toasts } = Toast.useToastManager();
  return toasts.map((one) => (
    <Toast.Root key={one.id} toast={one} className={styles.toast}>
      {one.type === 'error' ? (
        <CircleAlert className={styles.bad} size={16} aria-hidden="true" />
      ) : (
        <CircleCheck className={styles.good} size={16} aria-hidden="true" />
      )}
      <Toast.Title className={styles.text} render={<p />} />
      <Toast.Action className={styles.action} />
      <Toast.Close className={styles.close} aria-label={m.actions.close}>
        <X size={14} aria-hidden="true" />
      </Toast.Close>
    </Toast.Root>
  ));
}
