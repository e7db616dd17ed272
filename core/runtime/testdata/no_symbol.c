// A shared object that is no actor.
int paranet_this_is_no_actor(void);
int paranet_this_is_no_actor(void) { return 1; }
