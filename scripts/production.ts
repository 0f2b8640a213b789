/** Imported first: React and others decide by this when they are loaded, not when they are used. */
process.env.NODE_ENV ||= "production";
