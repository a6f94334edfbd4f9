/** A card of a session with its members: what a page of a chat shows first. */
export const sessionQuery = `query SessionCard($id: ID!) {
  session(id: $id) {
    id
    title
    description
    visibility
    status
    createdAt
    expiresAt
    rules { maxMembers passwordProtected }
    members(first: 10) {
      nodes { id name role status joinedAt }
      pageInfo { hasNextPage }
    }
  }
}`;

/** What a chat listens to. */
export const sessionEvents = `subscription Chat($id: ID!) {
  sessionEvents(sessionId: $id) {
    __typename
    cursor
    occurredAt
    ... on MessageAdded {
      message { id role content channel createdAt author { id name role } }
    }
  }
}`;

/** The current session is meant: that of the member token. */
export const sendMessage = `mutation Send($content: String!) {
  sendMessage(input: { content: $content }) {
    __typename
    ... on MessageDelivery { message { id createdAt } }
    ... on Problem { code detail }
  }
}`;

export const createSession = `mutation Create($input: CreateSessionInput!) {
  createSession(input: $input) {
    __typename
    ... on SessionAdmission { session { id } credentials { token } }
    ... on Problem { code detail }
  }
}`;

export const joinSession = `mutation Join($input: JoinSessionInput!) {
  joinSession(input: $input) {
    __typename
    ... on SessionAdmission { session { id } credentials { token } }
    ... on Problem { code detail }
  }
}`;

/** What a list of a service's sessions shows, with as much of each as the service has. */
export const sessionsPage = `query Page($first: Int!) {
  sessions(first: $first) {
    nodes { id handle agentId title situation metadata visibility status createdAt updatedAt }
  }
}`;

/** The same of one. */
export const serviceSession = `query One($id: ID!) {
  session(id: $id) { id handle agentId title situation metadata visibility status createdAt updatedAt }
}`;
