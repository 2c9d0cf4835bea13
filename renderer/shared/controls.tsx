import { Menu as BaseMenu } from '@base-ui/react/menu';
import { Select as BaseSelect } from '@base-ui/react/select';
import { Switch as BaseSwitch } from '@base-ui/react/switch';
import { Tabs as BaseTabs } from '@base-ui/react/tabs';
import { Tooltip as BaseTooltip } from '@base-ui/react/tooltip';
import { Check, ChevronDown, type LucideIcon } from 'lucide-react';
import type { ReactElement, ReactNode } from 'react';
import styles from './controls.module.css';

export interface Option<T extends string> {
  readonly value: T;
  readonly label: ReactNode;
}

/** One of a few. `label` is what a screen reader calls it. */
export function Select<T extends string>({
  value,
  options,
  onChange,
  label,
  disabled,
}: {
  readonly value: T;
  readonly options: readonly Option<T>[];
  readonly onChange: (value: T) => void;
  readonly label: string;
  readonly disabled?: boolean;
}) {
  return (
    <BaseSelect.Root
      value={value}
      onValueChange={(next) => next !== null && onChange(next)}
      items={[...options]}
      disabled={disabled ?? false}
    >
      <BaseSelect.Trigger className={styles.select} aria-label={label}>
        <BaseSelect.Value />
        <BaseSelect.Icon>
          <ChevronDown size={14} aria-hidden="true" />
        </BaseSelect.Icon>
      </BaseSelect.Trigger>
      <BaseSelect.Portal>
        <BaseSelect.Positioner className={styles.positioner} sideOffset={4} alignItemWithTrigger={false}>
          <BaseSelect.Popup className={styles.popup}>
            <BaseSelect.List>
              {options.map((option) => (
                <BaseSelect.Item key={option.value} value={option.value} className={styles.item}>
                  <span className={styles.tick}>
                    <BaseSelect.ItemIndicator>
                      <Check size={14} aria-hidden="true" />
                    </BaseSelect.ItemIndicator>
                  </span>
                  <BaseSelect.ItemText>{option.label}</BaseSelect.ItemText>
                </BaseSelect.Item>
              ))}
            </BaseSelect.List>
          </BaseSelect.Popup>
        </BaseSelect.Positioner>
      </BaseSelect.Portal>
    </BaseSelect.Root>
  );
}

/** On or off, at once. */
export function Switch({
  checked,
  onChange,
  label,
  disabled,
}: {
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
  readonly label: string;
  readonly disabled?: boolean;
}) {
  return (
    <BaseSwitch.Root
      className={styles.switch}
      checked={checked}
      onCheckedChange={onChange}
      aria-label={label}
      disabled={disabled ?? false}
    >
      <BaseSwitch.Thumb className={styles.thumb} />
    </BaseSwitch.Root>
  );
}

export interface MenuEntry {
  readonly label: ReactNode;
  readonly icon?: LucideIcon;
  readonly run: () => void;
  readonly danger?: boolean;
  readonly disabled?: boolean;
  /** Given, the entry is a tick that can be set. */
  readonly checked?: boolean;
}

/** A menu behind a button. `trigger` is the button itself; it gets the right roles. */
export function Menu({
  trigger,
  entries,
}: {
  readonly trigger: ReactElement;
  readonly entries: readonly MenuEntry[];
}) {
  return (
    <BaseMenu.Root>
      <BaseMenu.Trigger render={trigger} />
      <BaseMenu.Portal>
        <BaseMenu.Positioner className={styles.positioner} sideOffset={4} align="end">
          <BaseMenu.Popup className={styles.popup}>
            {entries.map((entry, at) =>
              entry.checked === undefined ? (
                <BaseMenu.Item
                  // biome-ignore lint/suspicious/noArrayIndexKey: a menu's entries stand still while it is open
                  key={at}
                  className={`${styles.item} ${entry.danger === true ? styles.danger : ''}`}
                  disabled={entry.disabled ?? false}
                  onClick={entry.run}
                >
                  <span className={styles.tick}>
                    {entry.icon !== undefined && <entry.icon size={14} aria-hidden="true" />}
                  </span>
                  {entry.label}
                </BaseMenu.Item>
              ) : (
                <BaseMenu.CheckboxItem
                  // biome-ignore lint/suspicious/noArrayIndexKey: as above
                  key={at}
                  className={styles.item}
                  checked={entry.checked}
                  disabled={entry.disabled ?? false}
                  onCheckedChange={entry.run}
                >
                  <span className={styles.tick}>
                    <BaseMenu.CheckboxItemIndicator>
                      <Check size={14} aria-hidden="true" />
                    </BaseMenu.CheckboxItemIndicator>
                  </span>
                  {entry.label}
                </BaseMenu.CheckboxItem>
              ),
            )}
          </BaseMenu.Popup>
        </BaseMenu.Positioner>
      </BaseMenu.Portal>
    </BaseMenu.Root>
  );
}

/** Views of one thing, side by side. */
export function Tabs<T extends string>({
  value,
  onChange,
  tabs,
  label,
}: {
  readonly value: T;
  readonly onChange: (value: T) => void;
  readonly tabs: readonly {
    readonly value: T;
    readonly label: ReactNode;
    readonly content: ReactNode;
    /** What is typed and what runs in it stays while another is looked at. */
    readonly kept?: boolean;
  }[];
  readonly label: string;
}) {
  return (
    <BaseTabs.Root className={styles.tabs} value={value} onValueChange={(next) => onChange(next as T)}>
      <BaseTabs.List className={styles.tabList} aria-label={label}>
        {tabs.map((tab) => (
          <BaseTabs.Tab key={tab.value} value={tab.value} className={styles.tab}>
            {tab.label}
          </BaseTabs.Tab>
        ))}
      </BaseTabs.List>
      {tabs.map((tab) => (
        <BaseTabs.Panel
          key={tab.value}
          value={tab.value}
          className={styles.tabPanel}
          keepMounted={tab.kept ?? false}
        >
          {tab.content}
        </BaseTabs.Panel>
      ))}
    </BaseTabs.Root>
  );
}

/** A word about what the pointer or the focus is on. Never the only place of what a person must know. */
export function Tooltip({ text, children }: { readonly text: ReactNode; readonly children: ReactElement }) {
  return (
    <BaseTooltip.Root>
      <BaseTooltip.Trigger render={children} />
      <BaseTooltip.Portal>
        <BaseTooltip.Positioner className={styles.positioner} sideOffset={6}>
          <BaseTooltip.Popup className={styles.tip}>{text}</BaseTooltip.Popup>
        </BaseTooltip.Positioner>
      </BaseTooltip.Portal>
    </BaseTooltip.Root>
  );
}
