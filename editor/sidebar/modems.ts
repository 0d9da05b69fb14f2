/** The modems that a person may choose in the tab: those of the editor and those of the running flows, put together. */
import type { ListedModem } from "../../nodes/runtime/sidebar/modem-view";
import type { EditorNode } from "../red";

export interface ChoosableModem {
  readonly id: string;
  readonly label: string;
  /** Key of the sentence that says why a modem of the editor does not run. */
  readonly problem?: "inSubflow" | "disabled" | "notDeployed";
}

/** @param running modems of the runtime. */
export function choosableModems(running: readonly ListedModem[]): readonly ChoosableModem[] {
  const entries: ChoosableModem[] = running.map(({ id, name, template, instance }) => {
    const node = RED.nodes.node(template ?? id);
    const label = node === undefined ? name || id : labelOf(node);
    return { id, label: instance === undefined ? label : `${label} – ${instanceLabel(instance)}` };
  });
  const known = new Set(running.flatMap(({ id, template }) => [id, template]));
  RED.nodes.eachConfig((node) => {
    if (node.type !== "quectel-modem" || known.has(node.id)) return;
    entries.push({ id: node.id, label: labelOf(node), problem: problemOf(node) });
  });
  return entries.sort((a, b) => a.label.localeCompare(b.label));
}

function labelOf(node: EditorNode): string {
  return RED.utils.getNodeLabel(node, node.id);
}

/** Where an instance of a subflow stands. */
function instanceLabel(id: string): string {
  const instance = RED.nodes.node(id);
  return instance === undefined ? id : labelOf(instance);
}

function problemOf(node: EditorNode): "inSubflow" | "disabled" | "notDeployed" {
  if (RED.nodes.subflow(node.z)) return "inSubflow";
  if (node.d === true || RED.nodes.workspace(node.z)?.disabled === true) return "disabled";
  return "notDeployed";
}
