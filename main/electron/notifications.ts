import { Notification } from 'electron';
import type { Approval } from '../../contract/approvals.ts';
import type { ShellMessages } from './messages.ts';
import { noticeOf } from './notice.ts';

export interface NotificationDeps {
  readonly messages: () => ShellMessages;
  readonly decide: (approval: Approval, decision: 'allow' | 'deny') => void;
  readonly open: (id: string) => void;
}

/** Notifications of the system: one for each waiting approval, gone when it is settled. */
export class Notifications {
  readonly #deps: NotificationDeps;
  readonly #shown = new Map<string, Notification>();

  constructor(deps: NotificationDeps) {
    this.#deps = deps;
  }

  waiting(approval: Approval): void {
    if (!Notification.isSupported()) return;
    const m = this.#deps.messages();
    const { title, body, actions } = noticeOf(approval, m);
    const notification = new Notification({
      title,
      body,
      urgency: 'critical',
      timeoutType: 'never',
      actions: actions.map((action) => ({ type: 'button', text: m[action] })),
    });
    notification.on('action', ({ actionIndex }) => {
      const action = actions[actionIndex];
      if (action !== undefined) this.#deps.decide(approval, action);
    });
    notification.on('click', () => this.#deps.open(approval.id));
    // Kept, or the garbage collector would take the notification and its buttons with it.
    this.#shown.set(approval.id, notification);
    notification.show();
  }

  settled(id: string): void {
    this.#shown.get(id)?.close();
    this.#shown.delete(id);
  }

  /** @param clicked - what a click on it does, besides closing it */
  say(title: string, body: string, clicked: () => void = () => {}): void {
    if (!Notification.isSupported()) return;
    const notification = new Notification({ title, body });
    // As above: kept, one for each title.
    this.#shown.set(title, notification);
    notification.on('click', clicked);
    notification.show();
  }
}
