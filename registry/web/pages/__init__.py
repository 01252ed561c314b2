"""Pages for people: server-rendered, working without scripts wherever that is possible, in five languages."""
