/**
 * An OpenID provider on a port of this machine, for tests: `node issuer.mjs PORT REDIRECT_URI AUDIENCE ROLE`.
 * Anybody may sign in, with any password. Its access tokens are JWTs.
 */
import { exportJWK, generateKeyPair } from "jose";
import Provider from "oidc-provider";

const [port, redirectUri, audience, role] = process.argv.slice(2);
const { privateKey } = await generateKeyPair("ES256", { extractable: true });
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "console",
      token_endpoint_auth_method: "none",
      redirect_uris: [redirectUri],
      grant_types: ["authorization_code"],
      response_types: ["code"],
      id_token_signed_response_alg: "ES256",
    },
  ],
  jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: "tests", use: "sig", alg: "ES256" }] },
  clientBasedCORS: () => true,
  extraTokenClaims: () => ({ role }),
  features: {
    devInteractions: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => "urn:tests:api",
      useGrantedResource: () => true,
      getResourceServerInfo: () => ({ scope: "openid", audience, accessTokenFormat: "jwt", jwt: { sign: { alg: "ES256" } } }),
    },
  },
  cookies: { keys: ["of a test"] },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("ready"));
