/** As much of the DOM as is used here; the parser's own types want a browser's. */
export interface DomNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly parentNode: DomNode | null;
  readonly firstChild: DomNode | null;
  readonly nextSibling: DomNode | null;
  textContent: string | null;
  remove(): void;
}

export interface DomElement extends DomNode {
  readonly children: ArrayLike<DomElement>;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelector(selector: string): DomElement | null;
}

export interface DomDocument extends DomNode {
  readonly documentElement: DomElement | null;
  readonly body: DomElement;
  querySelector(selector: string): DomElement | null;
}

export const ELEMENT = 1;
export const TEXT = 3;
export const COMMENT = 8;

export function isElement(node: DomNode): node is DomElement {
  return node.nodeType === ELEMENT;
}

/**
 * Visits what is below a node, in document order, without recursion: pages may be nested deeper than a stack.
 *
 * @param visit - returns false to leave out what is below; it may remove the node that it is given
 * @param leave - called when all below an element has been visited
 */
export function walk(
  root: DomNode,
  visit: (node: DomNode, depth: number) => boolean,
  leave: (node: DomNode) => void = () => {},
): void {
  let node = root.firstChild;
  let depth = 1;
  while (node !== null) {
    const { nextSibling, parentNode } = node;
    const below = visit(node, depth) ? node.firstChild : null;
    if (below !== null) {
      node = below;
      depth++;
      continue;
    }
    leave(node);
    let next: DomNode | null = nextSibling;
    let up = parentNode;
    while (next === null && up !== null && up !== root) {
      leave(up);
      next = up.nextSibling;
      up = up.parentNode;
      depth--;
    }
    node = next;
  }
}
