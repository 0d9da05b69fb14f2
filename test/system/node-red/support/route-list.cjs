/** A node of a test: tells at `/route-list` every route that this Node-RED has, whoever registered it. */
module.exports = (RED) => {
  RED.nodes.registerType("route-list", function (config) {
    RED.nodes.createNode(this, config);
  });
  RED.httpAdmin.get("/route-list", (_request, answer) => {
    answer.json([...routesOf("admin", RED.httpAdmin), ...routesOf("node", RED.httpNode)]);
  });
};

/** Express 4 makes the router of an application with its first route. */
function routesOf(server, app) {
  return (app._router?.stack ?? []).flatMap(({ route, name, regexp }) => {
    if (route === undefined) return [{ server, method: "use", path: `${name} ${regexp}` }];
    const paths = Array.isArray(route.path) ? route.path : [route.path];
    return paths.flatMap((path) =>
      Object.keys(route.methods).map((method) => ({ server, method, path: String(path) })),
    );
  });
}
