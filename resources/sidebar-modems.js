/**
 * The modems that a person may choose in the tab: those of the editor and those of the running flows, put together.
 *
 * A modem of the editor that does not run has a `problem`, the key of the sentence that says why.
 */
(function () {
  function labelOf(node) {
    return RED.utils.getNodeLabel(node, node.id);
  }

  /** Where an instance of a subflow stands. */
  function instanceLabel(id) {
    const instance = RED.nodes.node(id);
    return instance ? labelOf(instance) : id;
  }

  function problemOf(node) {
    if (RED.nodes.subflow(node.z)) return "inSubflow";
    if (node.d || RED.nodes.workspace(node.z)?.disabled) return "disabled";
    return "notDeployed";
  }

  /** @param running modems of the runtime, `{id, name, template?, instance?}`. */
  function listOf(running) {
    const entries = running.map(({ id, name, template, instance }) => {
      const node = RED.nodes.node(template ?? id);
      const label = node ? labelOf(node) : name || id;
      return { id, label: instance === undefined ? label : `${label} – ${instanceLabel(instance)}` };
    });
    const known = new Set(running.flatMap(({ id, template }) => [id, template]));
    RED.nodes.eachConfig((node) => {
      if (node.type !== "quectel-modem" || known.has(node.id)) return;
      entries.push({ id: node.id, label: labelOf(node), problem: problemOf(node) });
    });
    return entries.sort((a, b) => a.label.localeCompare(b.label));
  }

  window.quectelSidebarModems = { listOf };
})();
