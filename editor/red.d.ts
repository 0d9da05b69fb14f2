/**
 * The editor's `RED`, as far as this package uses it: the public types, and what they lack or say too loosely.
 *
 * Source of what is added: the editor's client of Node-RED 4.1 and 5.0.
 */
import type { EditorRED } from "node-red";

/** A node, config node, tab or subflow in the editor; its properties are those of its definition. */
export interface EditorNode {
  readonly id: string;
  readonly type: string;
  /** Id of the tab or subflow it lies on; empty for a config node that all tabs can use. */
  readonly z?: string;
  /** Disabled. */
  readonly d?: boolean;
  readonly disabled?: boolean;
  readonly _def: NodeDefinition;
  /** As the dialog got them from the runtime or was filled in; undefined until it was open, and after each deploy. */
  credentials?: EditorCredentials;
  /** Of a config node: the nodes that use it. */
  readonly users?: readonly EditorNode[];
  /** A text of the node's own catalog. */
  _(key: string): string;
  [property: string]: unknown;
}

/** Of a password, `has_<name>` says whether there is one. */
export interface EditorCredentials {
  /** As the runtime has sent them. */
  _?: Record<string, unknown>;
  [name: string]: unknown;
}

export interface NodeDefinition {
  /** A text of the catalog of this type. */
  _: (this: void, key: string, values?: Readonly<Record<string, unknown>>) => string;
  readonly category: string;
  readonly defaults: Readonly<Record<string, PropertyDefinition>>;
  readonly credentials?: Readonly<Record<string, CredentialDefinition>>;
}

export interface CredentialDefinition {
  readonly type: "text" | "password";
  readonly validate?: Validator;
}

/** True, or a sentence that says what is wrong. */
export type Verdict = boolean | string;
export type Validator = (this: EditorNode, value: unknown, options?: object) => Verdict;

export interface PropertyDefinition {
  readonly value: unknown;
  readonly type?: string;
  readonly required?: boolean;
  readonly validate?: Validator;
}

export interface MenuOption {
  readonly label: string | JQuery;
  readonly value?: string;
}

export interface Notice {
  close(): void;
}

type Lacking = {
  _(key: string, values?: object): string;
  readonly clipboard: { copyText(text: string, at: JQuery, said: string): boolean };
  readonly comms: EditorRED["comms"] & { on(event: "connect", listener: () => void): void };
  readonly editor: {
    getEditStack(): readonly { readonly type: string }[];
    validateNode(node: EditorNode): boolean;
  };
  /** Of nodes, the listener gets the node that the event is about. */
  readonly events: { on(event: string, listener: (node: EditorNode) => void): void };
  readonly nodes: {
    getType(type: string): NodeDefinition;
    node(id: string): EditorNode | undefined;
    subflow(id: string | undefined): EditorNode | undefined;
    workspace(id: string | undefined): EditorNode | undefined;
    eachConfig(look: (node: EditorNode) => boolean | void): void;
  };
  notify(
    text: string | Node,
    options?:
      | string
      | {
          readonly modal: boolean;
          readonly fixed: boolean;
          readonly buttons: readonly {
            readonly text: string;
            readonly class?: string;
            readonly click: () => void;
          }[];
        },
  ): Notice;
  readonly plugins: { registerPlugin(id: string, definition: { readonly onadd: () => void }): void };
  readonly popover: {
    menu(options: {
      readonly tabSelect: boolean;
      readonly width: number;
      readonly maxHeight: number;
      readonly class: string;
      readonly options: readonly MenuOption[];
      readonly onselect: (option: MenuOption) => void;
      readonly onclose: () => void;
    }): { show(at: { readonly target: JQuery }): void };
  };
  readonly settings: {
    getLocal(key: string): string | undefined;
    setLocal(key: string, value: string): void;
  };
  readonly view: { redraw(): void };
  readonly sidebar: {
    addTab(tab: {
      readonly id: string;
      readonly label: string;
      readonly name: string;
      readonly iconClass: string;
      readonly content: HTMLElement;
      readonly enableOnEdit: boolean;
      readonly action: string;
    }): void;
    show(id: string): void;
  };
  readonly tabs: {
    create(options: { readonly id: string; readonly onchange: (tab: { readonly id: string }) => void }): Tabs;
  };
  readonly utils: {
    getNodeLabel(node: EditorNode, fallback: string): string;
    validateTypedProperty(value: unknown, type: string, options?: object): Verdict;
  };
};

export interface Tabs {
  addTab(tab: { readonly id: string; readonly label: string }): void;
  activateTab(id: string): void;
  resize(): void;
}

type Red = Omit<EditorRED, keyof Lacking> & Lacking;

declare global {
  const RED: Red;

  interface JQuery<TElement = HTMLElement> {
    /** Node-RED's widget for a value of several types. */
    typedInput(options: object): this;
    typedInput(get: "type" | "value"): string;
    typedInput(set: "type", value: string): this;
  }
}
