import type { Documented } from '../../variables.ts';

export const javaVariables: readonly Documented[] = [
  {
    name: 'CC_JAR_PATH',
    what: 'The jar to run: one of the repository, or one that the build makes. Wins over all that follow',
    example: 'target/app.jar',
  },
  {
    name: 'MAVEN_DEPLOY_GOAL',
    what: 'Maven goals that run the application. What Maven downloads for the build becomes part of it',
    example: 'exec:java',
  },
  { name: 'GRADLE_DEPLOY_GOAL', what: 'The same for Gradle', example: 'bootRun' },
  {
    name: 'CC_JAR_ARGS',
    what: 'Arguments of the program, as a shell reads words',
    example: 'server "my config.yml"',
    onlyRuns: true,
  },
  {
    name: 'CC_EXTRA_JAVA_ARGS',
    what: 'More options of the JVM, as a shell reads words; they win over those that the size gives',
    example: '-XX:+UseZGC',
    onlyRuns: true,
  },
  {
    name: 'CC_JAVA_VERSION',
    what: 'The Java release, 11 or newer. New applications get `21`. Where the machine lacks it the next newer is taken, and the log says so',
    fallback: '21',
    example: '17',
  },
  {
    name: 'CC_DISABLE_MAX_METASPACE',
    what: '`true`: the memory for classes has no limit of its own',
    fallback: 'false',
    onlyRuns: true,
  },
  { name: 'CC_MAVEN_PROFILES', what: 'Profiles of the default Maven build', example: 'prod' },
  {
    name: 'MAVEN_OPTS',
    what: 'Options of the JVM that Maven runs in',
    fallback: 'half of the memory',
  },
  { name: 'GRADLE_OPTS', what: 'The same for Gradle', fallback: 'half of the memory' },
  { name: 'ANT_OPTS', what: 'The same for Ant', fallback: 'half of the memory' },
];
