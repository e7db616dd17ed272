// A shared object with a bit of everything that a linker puts into segments.
int paranet_good_data = 7;
int paranet_good(int x);
int paranet_good(int x) { return x + paranet_good_data; }
