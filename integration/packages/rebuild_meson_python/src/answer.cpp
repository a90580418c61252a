int answer() { return 1; }
