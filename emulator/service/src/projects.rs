//! The projects devices are connected to. A project is its id; its name is for people.

use serde::{Deserialize, Serialize};

use crate::random;

/// Frame.io limits display names to this many characters.
pub const LONGEST_NAME: usize = 255;
const MOST_PROJECTS: usize = 1_000;

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Project {
    pub id: String,
    pub name: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Projects {
    projects: Vec<Project>,
}

impl Default for Projects {
    fn default() -> Self {
        let names = ["Feature A", "Documentary B", "Commercial C"];
        Self {
            projects: names
                .iter()
                .map(|name| Project { id: random::uuid(), name: (*name).to_owned() })
                .collect(),
        }
    }
}

impl Projects {
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.projects.iter().map(|project| project.name.as_str())
    }

    pub fn default_name(&self) -> String {
        self.names().next().unwrap_or("Feature A").to_owned()
    }

    /// The project of that name, made when there is none yet.
    pub fn named(&mut self, name: &str) -> Project {
        if let Some(project) = self.projects.iter().find(|project| project.name == name) {
            return project.clone();
        }
        let project = Project { id: random::uuid(), name: name.to_owned() };
        if self.projects.len() < MOST_PROJECTS {
            self.projects.push(project.clone());
        }
        project
    }
}

/// A name a person typed, trimmed; `None` when it cannot be a project's name.
pub fn clean_name(name: &str) -> Option<String> {
    let name = name.trim();
    let fits =
        !name.is_empty() && name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_id() {
        let mut projects = Projects::default();
        let first = projects.named("New one");
        assert_eq!(projects.named("New one"), first);
        assert_ne!(projects.named("Feature A").id, first.id);
    }

    #[test]
    fn names() {
        assert_eq!(clean_name("  A film "), Some("A film".to_owned()));
        for bad in ["", "  ", "a\nb", &"x".repeat(256)] {
            assert_eq!(clean_name(bad), None);
        }
    }
}
